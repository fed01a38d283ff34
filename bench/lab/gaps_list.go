package lab

var gaps []Gap
